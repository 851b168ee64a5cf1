import { createHash } from 'node:crypto';

/** A file name for a place: readable, and never the same for two. */
export function fileName(place: string): string {
  const readable = place
    .replace(/^https?:\/\//, '')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return `${readable}-${createHash('sha256').update(place).digest('hex').slice(0, 16)}`;
}
