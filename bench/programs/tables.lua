-- Tables, closures and strings, as scripts embedded in servers make them.
local scale = tonumber(arg[1])
local state = 12345

local function random()
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return state
end

local function tree(depth)
  if depth == 0 then return {leaf = random() % 100} end
  return {left = tree(depth - 1), right = tree(depth - 1)}
end

local function sum(node)
  return node.leaf or sum(node.left) + sum(node.right)
end

local total = 0
for _ = 1, math.floor(24 * scale) do total = total + sum(tree(12)) end
print(total)

local words, count = {}, 0
for i = 1, math.floor(150000 * scale) do
  local word = "w" .. random() % 20000 .. "-" .. i % 7
  words[word] = (words[word] or 0) + 1
  if i % 5 == 0 then words["w" .. random() % 20000 .. "-" .. i % 7] = nil end
end
local list = {}
for word, times in pairs(words) do list[#list + 1] = word .. "=" .. times end
table.sort(list)
print(#list, list[1], list[#list], #table.concat(list, ","))
