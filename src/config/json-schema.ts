import * as z from 'zod';
import { configSchema } from './schema.ts';

/** What editors check dcs.yaml with. */
export function jsonSchema(): Record<string, unknown> {
  return { title: 'dcs.yaml', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
