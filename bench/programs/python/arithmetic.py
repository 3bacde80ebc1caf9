"""Numbers that are objects: fractions, decimals, long integers, floats in lists."""
import decimal
import fractions
import sys


def harmonic(count, kept=40):
    total, parts = fractions.Fraction(0), []
    for i in range(1, count):
        part = fractions.Fraction(i % 97 + 1, i % 89 + 2)
        parts.append(part * part - fractions.Fraction(1, i))
        if len(parts) > kept:
            total = (total + parts.pop(0)).limit_denominator(10 ** 6)
    return total


def interest(count):
    decimal.getcontext().prec = 40
    rate, balances = decimal.Decimal("1.00037"), []
    for i in range(count):
        balance = decimal.Decimal(i) / 100
        for _ in range(6):
            balance = (balance * rate + decimal.Decimal("0.01")).quantize(decimal.Decimal("1e-9"))
        balances.append(balance)
    return sum(balances), max(balances)


def powers(count):
    value, kept = 3, []
    for i in range(count):
        value = value * 0x9E3779B97F4A7C15 + i
        if value.bit_length() > 2000:
            value >>= 1500
        kept.append(value)
        if len(kept) > 5000:
            kept = kept[2500:]
    return sum(kept) % 1000003


def matrix(size):
    rows = [[(i * j + 1) / (i + j + 1) for j in range(size)] for i in range(size)]
    columns = list(zip(*rows))
    made = [[sum(map(float.__mul__, row, column)) for column in columns] for row in rows]
    return sum(map(sum, made))


def main():
    scale = float(sys.argv[1])
    print(harmonic(int(30000 * scale)), *interest(int(25000 * scale)))
    print(powers(int(400000 * scale)), matrix(int(160 * scale ** 0.34)))


main()
