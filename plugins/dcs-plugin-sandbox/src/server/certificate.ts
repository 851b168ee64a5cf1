import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** X.509 in DER, as much as a self-signed certificate takes. */
function der(tag: number, ...parts: readonly (Buffer | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x1_00 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const SEQUENCE = 0x30;
const ECDSA_SHA256 = der(SEQUENCE, [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03];
const ALTERNATIVE_NAME = [0x06, 0x03, 0x55, 0x1d, 0x11];
const CONSTRAINTS = [0x06, 0x03, 0x55, 0x1d, 0x13];
const TRUE = [0x01, 0x01, 0xff];
const YEARS = 10;

const stamp = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));

function body(publicKey: Buffer): Buffer {
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from('dcs sandbox')))));
  const now = new Date();
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + YEARS);
  const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, [127, 0, 0, 1]));
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, ALTERNATIVE_NAME, der(0x04, names)),
    der(SEQUENCE, CONSTRAINTS, TRUE, der(0x04, der(SEQUENCE, TRUE))),
  );
  const serial = der(0x02, [1], randomBytes(8));
  return der(
    SEQUENCE,
    der(0xa0, der(0x02, [2])),
    serial,
    ECDSA_SHA256,
    name,
    der(SEQUENCE, stamp(now), stamp(end)),
    name,
    publicKey,
    der(0xa3, extensions),
  );
}

/** For 127.0.0.1 and localhost, as PEM. */
export function makeCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = body(publicKey.export({ type: 'spki', format: 'der' }));
  const signature = sign('sha256', signed, privateKey);
  const whole = der(SEQUENCE, signed, ECDSA_SHA256, der(0x03, [0], signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}

/** Makes `cert.pem` and `key.pem` in `folder`, unless they are there. */
export function ensureCertificate(folder: string): void {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  if (existsSync(certFile)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { key, cert } = makeCertificate();
  writeFileSync(keyFile, key, { mode: 0o600 });
  writeFileSync(certFile, cert, { mode: 0o600 });
}
