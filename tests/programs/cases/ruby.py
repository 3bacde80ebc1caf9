"""Ruby: strings, hashes, threads, fork, and a compacting collection."""

PROGRAMS = ["ruby"]

SCRIPT = r'''
require "digest"; require "json"; require "zlib"

rng = Random.new(7)
words = Array.new(60_000) { "w#{rng.rand(4000)}" }
words.tally.sort_by { |word, n| [-n, word] }.first(10).each { |row| puts row.join(" ") }
tree = Hash.new { |hash, key| hash[key] = {} }
words.each_slice(3) { |a, b, c| tree[a][b] = c }
text = JSON.generate(tree)
puts Digest::SHA256.hexdigest(text), JSON.parse(text) == tree
packed = Zlib.deflate(text, 9)
puts packed.bytesize, Zlib.inflate(packed) == text
threads = 4.times.map do |n|
  Thread.new { (1..20_000).map { |i| "#{i * n}" * (i % 5 + 1) }.join.hash.class; n * 2 }
end
puts threads.map(&:value).inspect
GC.start
GC.compact
10.times do |n|
  pid = fork { list = Array.new(5000) { |i| "y" * (i % 400) }; exit!(list.size % 200 + n) }
  Process.wait(pid)
  print $?.exitstatus, " "
end
puts
'''


def run(space):
    space.run("ruby", space.write("words.rb", SCRIPT))
