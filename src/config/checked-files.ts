import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Texts of dcs.yaml that this build of dcs has found valid: an empty file each, named by a digest of build and text. */
export interface CheckedFiles {
  has(text: string): boolean;
  add(text: string): void;
}

export function checkedFiles(cacheDir: string): CheckedFiles {
  const folder = join(cacheDir, 'checked');
  const fileOf = (text: string): string => join(folder, createHash('sha256').update(build()).update(text).digest('hex'));
  return {
    has: (text) => existsSync(fileOf(text)),
    add(text) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(fileOf(text), '', { mode: 0o600 });
      } catch {
        // A disk that cannot be written only costs the next check.
      }
    },
  };
}

/** Another build may have another schema. */
function build(): string {
  const file = fileURLToPath(import.meta.url);
  const { mtimeMs, size } = statSync(file);
  return `${file} ${mtimeMs} ${size} `;
}
