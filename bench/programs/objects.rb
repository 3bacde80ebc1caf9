# Objects, strings, hashes and arrays; a third of them dropped again and again.
Entry = Struct.new(:key, :name, :tags)

scale = ARGV[0].to_f
state = 12_345
entries = {}
(70_000 * scale).to_i.times do |i|
  state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
  name = "entry number #{state.to_s(16)} of a longer name"
  entries[state] = Entry.new(state, name, [i, state % 7])
  entries.shift if i % 3 == 0
end
counts = Hash.new(0)
3.times do
  text = entries.values.map(&:name).join(" ")
  text.split(" ").each { |word| counts[word] += 1 }
  text.gsub(/number/) { |found| found.upcase }
end
puts entries.size, counts.size, counts.values.max
puts entries.values.sort_by { |entry| [entry.tags[1], entry.name] }.first.name
