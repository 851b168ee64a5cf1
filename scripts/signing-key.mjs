// A new key for signing releases: `node scripts/signing-key.mjs FILE`. The private half goes to FILE, the public one to src/update/keys.ts by hand.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { publicHalf } from './sign.mjs';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/signing-key.mjs FILE');
const { privateKey } = generateKeyPairSync('ed25519');
writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
console.log(`private: ${file}\npublic, for src/update/keys.ts:\n  '${publicHalf(privateKey)}',`);
