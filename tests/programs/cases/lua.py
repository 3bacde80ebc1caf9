"""Lua: tables, closures, strings and coroutines, all by way of realloc."""

PROGRAMS = ["lua5.4"]

SCRIPT = r'''
math.randomseed(11, 13)
local counts, order = {}, {}
for i = 1, 400000 do
  local word = "w" .. math.random(1, 3000)
  if not counts[word] then counts[word] = 0; order[#order + 1] = word end
  counts[word] = counts[word] + 1
end
table.sort(order, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)
for i = 1, 10 do print(order[i], counts[order[i]]) end

local function tree(depth)
  if depth == 0 then return {} end
  return {left = tree(depth - 1), right = tree(depth - 1)}
end
local function size(node) return node.left and 1 + size(node.left) + size(node.right) or 1 end
for depth = 4, 17 do print(depth, size(tree(depth))) end

local function generate(n)
  return coroutine.wrap(function() for i = 1, n do coroutine.yield(string.rep("s", i % 97)) end end)
end
local total = 0
for text in generate(100000) do total = total + #text end
print(total)
local parts = {}
for i = 1, 50000 do parts[i] = string.format("%05d-%s", i, ("%x"):format(i * 7919)) end
local long = table.concat(parts, ",")
print(#long, select(2, long:gsub("f", "F")))
'''


def run(space):
    space.run("lua5.4", space.write("words.lua", SCRIPT))
