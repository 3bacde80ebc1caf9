# Hashes of arrays, strings that grow, regular expressions, sorting.
use strict;
use warnings;

my $scale = $ARGV[0];
my $state = 12345;
sub random { return $state = ($state * 1103515245 + 12345) & 0x7fffffff }

my %groups;
for my $i (1 .. int(90000 * $scale)) {
    my $number = random();
    push @{ $groups{ $number % 5000 } }, { id => $number, name => "name $number", at => $i };
    delete $groups{ random() % 5000 } if $i % 20 == 0;
}
my $text = '';
for my $key (sort { $a <=> $b } keys %groups) {
    $text .= join(',', map { "$_->{name}:$_->{id}" } @{ $groups{$key} }) . "\n";
}
my %seen;
$seen{ length $1 }++ while $text =~ /name (\d+):/g;
my @lines = sort { length $a <=> length $b || $a cmp $b } split /\n/, $text;
print scalar(keys %groups), ' ', length $text, ' ', scalar @lines, "\n$lines[0]\n";
print join(' ', map { "$_=$seen{$_}" } sort { $a <=> $b } keys %seen), "\n";
