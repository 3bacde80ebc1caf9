// Buffers and JSON outside and inside the garbage-collected heap, and compression, whose work
// areas are malloc's.
const zlib = require('zlib');

const scale = Number(process.argv[2]);
let state = 12345;
const random = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff);

let held = [];
let total = 0;
for (let i = 0; i < 6000 * scale; i++) {
  const buffer = Buffer.allocUnsafeSlow(200 + random() % 16000);
  buffer.fill(i & 255);
  total += buffer.length;
  held.push(buffer);
  if (held.length > 400) held.splice(random() % 200, 100);
}
const documents = [];
for (let i = 0; i < 2000 * scale; i++) {
  const text = JSON.stringify({ id: random(), list: Array.from({ length: 30 }, random) });
  documents.push(JSON.parse(text));
}
let packed = 0;
for (let i = 0; i < 150 * scale; i++) {
  const text = JSON.stringify(documents.slice(i, i + 20));
  const small = zlib.deflateSync(text, { level: 1 });
  packed += small.length;
  if (zlib.inflateSync(small).toString() !== text) throw new Error('inflate gave other text');
}
console.log(total, documents.length, documents[0].list[0], packed);
