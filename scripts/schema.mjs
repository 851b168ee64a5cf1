// Writes schema/dcs.schema.json, which editors check dcs.yaml with.
import { mkdirSync, writeFileSync } from 'node:fs';
import { jsonSchema } from '../src/config/json-schema.ts';

const folder = new URL('../schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('dcs.schema.json', folder), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
