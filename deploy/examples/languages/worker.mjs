// A worker on a named eventfd, in JavaScript: Node cannot receive descriptors, so it inherits them from `eventfdd exec`, waits
// over HTTP, and then reads the raw descriptor.
//
//   apt-get install nodejs
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   eventfdd create --runtime-dir /tmp/eventfdd orders && eventfdd create --runtime-dir /tmp/eventfdd orders.reply
//   eventfdd exec --runtime-dir /tmp/eventfdd orders orders.reply -- node worker.mjs /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. When the daemon ends, it ends too, with status 75: it cannot bring back what it holds,
// so it has to be started again to hold what the names lead to then. ../README.md says what all workers do.
import fs from 'node:fs';
import http from 'node:http';
import readline from 'node:readline';
import { promisify } from 'node:util';

const [work, reply] = [3, 4]; // in the order in which `eventfdd exec` names them
const [directory, name] = process.argv.slice(2);
const read = promisify(fs.read), write = promisify(fs.write);
const agent = new http.Agent({ keepAlive: true });

/** Waits until the eventfd is readable, as poll(2) does; takes nothing. False when the time was up. */
function readable(timeout = '30s') {
  return new Promise((resolve, reject) => {
    const path = `/v1/eventfds/${encodeURIComponent(name)}/wait?timeout=${timeout}`;
    http.get({ socketPath: `${directory}/api.sock`, path, agent }, async (response) => {
      const body = (await response.toArray()).join('');
      if (response.statusCode < 300) resolve(response.statusCode === 200);
      else reject(JSON.parse(body)); // a problem document
    }).on('error', reject);
  });
}

/**
 * Takes what there is, 0n if another reader was faster. fs.readSync would then stop the loop if another process has cleared
 * O_NONBLOCK, which belongs to all that hold this eventfd. fs.read only keeps one of libuv's four threads until a value comes.
 * fs.readFile and streams would take the value and read on.
 */
async function take() {
  const value = new BigUint64Array(1);
  await read(work, value, 0, 8, null).catch((e) => { if (e.code !== 'EAGAIN') throw e; });
  return value[0];
}

readline.createInterface({ input: process.stdin })
  .on('line', (line) => console.log(`line ${line}`))
  .on('close', () => process.exit(0));

try {
  await readable('0s'); // the first answer: the daemon is there, and the name is one that it knows
  console.log('ready');
  for (;;) {
    const value = await readable() ? await take() : 0n;
    if (value) {
      console.log(`got ${value}`);
      await write(reply, BigUint64Array.of(value));
    }
  }
} catch (e) {
  console.error(`${name}: ${e.detail ?? e.message}`);
  process.exit(e.detail && e.status !== 503 ? 1 : 75); // the daemon refuses, or it is away
}
