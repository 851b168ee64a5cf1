// A dcs that stays: the built commands, run one after the other in one process. A line of JSON in, a line of JSON out, on fd 3.
import { createReadStream, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { givenUp, hurry } from './hurry.mjs';

class Ended extends Error {}
const root = new URL('../../../', import.meta.url);
process.exit = (code) => {
  process.exitCode = code ?? process.exitCode ?? 0;
  throw new Ended();
};
process.setMaxListeners(0);
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
// What a command leaves behind belongs to it and must not end the next one.
let stray;
process.on('unhandledRejection', (error) => error instanceof Ended || (stray = String(error?.stack ?? error)));
let text;
for (const name of ['stdout', 'stderr'])
  process[name].write = (chunk, encoding, done = encoding) => {
    text[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    if (typeof done === 'function') queueMicrotask(done);
    return true;
  };
const { start } = await import(new URL('lib/main.js', root));

for await (const line of createInterface({ input: createReadStream('', { fd: 3, autoClose: false }) })) {
  const { args, env, cwd, quick, works } = JSON.parse(line);
  text = { stdout: '', stderr: '' };
  stray = undefined;
  hurry(quick, works);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [process.argv[0], 'dcs', ...args];
  process.exitCode = undefined;
  try {
    await start(root);
  } catch (error) {
    if (!(error instanceof Ended)) stray = String(error?.stack ?? error);
  }
  if (stray !== undefined) text.stderr += stray;
  writeSync(
    4,
    `${JSON.stringify({ code: stray === undefined ? (process.exitCode ?? 0) : 1, out: text.stdout, err: text.stderr, givenUp: givenUp() })}\n`,
  );
}
