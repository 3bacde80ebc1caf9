"""Node.js: buffers, zlib and crypto in its thread pool, workers, child processes."""

PROGRAMS = ["node"]

SCRIPT = r'''
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
const crypto = require("crypto"), zlib = require("zlib"), util = require("util");
const { execFileSync } = require("child_process");

function count(seed) {
    const counts = new Map();
    let state = seed;
    for (let i = 0; i < 200000; i++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        const word = "w" + (state >>> 20);
        counts.set(word, (counts.get(word) || 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 3);
}

async function main() {
    const workers = [1, 2, 3].map(n => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: n });
        worker.on("message", resolve).on("error", reject);
    }));
    for (const rows of await Promise.all(workers)) console.log(JSON.stringify(rows));
    const buffers = Array.from({ length: 200 }, (_, n) => Buffer.alloc(1000 + n * 397, "ab" + n));
    const deflate = util.promisify(zlib.deflate), inflate = util.promisify(zlib.inflate);
    const packed = await Promise.all(buffers.map(b => deflate(b)));
    const same = await Promise.all(packed.map(async (p, n) => (await inflate(p)).equals(buffers[n])));
    console.log(same.every(x => x), packed.reduce((sum, p) => sum + p.length, 0));
    const scrypt = util.promisify(crypto.scrypt);
    const keys = await Promise.all([1, 2, 3, 4].map(n => scrypt("word" + n, "salt", 32)));
    keys.forEach(key => console.log(key.toString("hex")));
    const child = execFileSync(process.execPath, ["-p", "new Array(1e5).fill(7).join('').length"]);
    console.log(child.toString().trim());
}

if (isMainThread) main();
else parentPort.postMessage(count(workerData));
'''


def run(space):
    space.run("node", space.write("work.js", SCRIPT))
