"""Perl: hashes, strings, regular expressions, fork, and interpreter threads (a clone each)."""

PROGRAMS = ["perl"]

SCRIPT = r'''
use strict; use warnings; use threads; use Digest::SHA qw(sha256_hex);

my ($seed, %count) = (1);
sub next_number { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) }
my $text = join ' ', map { 'w' . next_number() % 5000 } 1 .. 120000;
$count{$_}++ for split ' ', $text;
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
print "$_ $count{$_}\n" for @top;
(my $edited = $text) =~ s/w(\d)(\d*)/<$2$1>/g;
print sha256_hex($edited), "\n";

sub work {
    my ($n) = @_;
    my @rows = map { { id => $_, name => "row$_" x ($_ % 9) } } 1 .. 8000;
    return sha256_hex(join ',', map { "$_->{id}$_->{name}" } grep { $_->{id} % $n } @rows);
}
my @workers = map { threads->create(\&work, $_) } 2 .. 5;
print $_->join, "\n" for @workers;
for my $n (1 .. 20) {
    my $pid = fork // die "fork: $!";
    if (!$pid) { my @list = map { "x" x $_ } 1 .. 2000; exit(@list % 256 - $n) }
    waitpid $pid, 0;
    print $? >> 8, " ";
}
print "\n";
'''


def run(space):
    space.run("perl", space.write("words.pl", SCRIPT))
