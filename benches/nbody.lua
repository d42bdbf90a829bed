-- The sun and four planets attract each other for 200000 steps: floats in fields of tables.

local sqrt = math.sqrt

local function pull_body(body, strength, dx, dy, dz)
  body.vx = body.vx - dx * strength
  body.vy = body.vy - dy * strength
  body.vz = body.vz - dz * strength
end

local function attract(body, other, seconds)
  local dx, dy, dz = body.x - other.x, body.y - other.y, body.z - other.z
  local square = dx * dx + dy * dy + dz * dz
  local pull = seconds / (square * sqrt(square))
  pull_body(body, other.mass * pull, dx, dy, dz)
  pull_body(other, 0.0 - body.mass * pull, dx, dy, dz)
end

local function move(body, seconds)
  body.x = body.x + body.vx * seconds
  body.y = body.y + body.vy * seconds
  body.z = body.z + body.vz * seconds
end

local function step(bodies, seconds)
  for i = 1, #bodies do
    local body = bodies[i]
    for j = i + 1, #bodies do attract(body, bodies[j], seconds) end
  end
  for i = 1, #bodies do move(bodies[i], seconds) end
end

local function distance(body, other)
  local dx, dy, dz = body.x - other.x, body.y - other.y, body.z - other.z
  return sqrt(dx * dx + dy * dy + dz * dz)
end

local function energy(bodies)
  local sum = 0.0
  for i = 1, #bodies do
    local body = bodies[i]
    local vx, vy, vz = body.vx, body.vy, body.vz
    sum = sum + body.mass * (vx * vx + vy * vy + vz * vz) / 2.0
    for j = i + 1, #bodies do
      local other = bodies[j]
      sum = sum - body.mass * other.mass / distance(body, other)
    end
  end
  return sum
end

local function balance(bodies)
  local px, py, pz = 0.0, 0.0, 0.0
  for i = 1, #bodies do
    local body = bodies[i]
    px = px + body.vx * body.mass
    py = py + body.vy * body.mass
    pz = pz + body.vz * body.mass
  end
  local first = bodies[1]
  first.vx, first.vy, first.vz = -(px / first.mass), -(py / first.mass), -(pz / first.mass)
end

local year, sun = 365.24, 39.47841760435743

local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx * year, vy = vy * year, vz = vz * year, mass = mass * sun }
end

local bodies = {
  body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
  body(4.84, -1.16, -0.1036, 0.00166, 0.0077, -0.000069, 0.000955),
  body(8.343, 4.125, -0.4035, -0.002767, 0.004998, 0.000023, 0.000286),
  body(12.89, -15.11, -0.2233, 0.002965, 0.002378, -0.0000297, 0.0000437),
  body(15.38, -25.92, 0.1792, 0.00268, 0.001628, -0.0000951, 0.0000515),
}
balance(bodies)
for _ = 1, 200000 do step(bodies, 0.01) end
print(string.format("%d", math.floor(energy(bodies) * 1.0e12)))
