import { startSandbox } from './server.ts';

// Started by `dcs sandbox start`, detached: argv is folder and port, the one line on stdout the origin.
const [folder, port] = process.argv.slice(2);
const sandbox = await startSandbox({ ...(folder ? { folder } : {}), port: Number(port ?? 0) });
console.log(sandbox.origin);
const stop = (): void => void sandbox.close();
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
