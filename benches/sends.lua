-- Method calls on receivers of two, three and four classes in turn.

local function class(superclass)
  local methods = setmetatable({}, { __index = superclass })
  methods.__index = methods
  return methods
end

local Shape = class(nil)

function Shape.new(self, width)
  local shape = setmetatable({}, self)
  shape:set_width(width)
  return shape
end

function Shape:set_width(width) self.width = width end
function Shape:get_width() return self.width end
function Shape:corners() return 4 end
function Shape:weight() return self:area() + self:corners() end

local Square = class(Shape)
function Square:area() return self.width * self.width end

local Strip = class(Shape)
function Strip:set_width(width)
  Shape.set_width(self, width)
  self.height = 2
end
function Strip:area() return self.width * self.height end

local Wedge = class(Shape)
function Wedge:set_width(width)
  Shape.set_width(self, width)
  self.height = 4
end
function Wedge:area() return self.width * self.height - self.width end
function Wedge:corners() return 3 end

local Dot = class(Shape)
function Dot:area() return 0 end
function Dot:corners() return self:get_width() end

local function weigh(shapes, n)
  local sum, size = 0, #shapes
  for i = 1, n do sum = sum + shapes[i % size + 1]:weight() end
  return sum
end

local function weigh_two(shapes, n)
  local sum = 0
  for i = 1, n do sum = sum + shapes[i % 2 + 1]:weight() end
  return sum
end

local function weigh_three(shapes, n)
  local sum = 0
  for i = 1, n do sum = sum + shapes[i % 3 + 1]:weight() end
  return sum
end

local shapes = { Shape.new(Square, 3), Shape.new(Strip, 5), Shape.new(Wedge, 7), Shape.new(Dot, 2) }
print(string.format("%d", weigh_two(shapes, 1500000)))
print(string.format("%d", weigh_three(shapes, 1500000)))
print(string.format("%d", weigh(shapes, 1500000)))
