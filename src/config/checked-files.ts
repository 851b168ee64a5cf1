import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Texts of dcs.yaml and of the user file that this build of dcs has found valid: an empty file each, named by a digest of build, file name and text. */
export interface CheckedFiles {
  has(shown: string, text: string): boolean;
  add(shown: string, text: string): void;
}

export function checkedFiles(cacheDir: string): CheckedFiles {
  const folder = join(cacheDir, 'checked');
  const fileOf = (shown: string, text: string): string =>
    join(
      folder,
      createHash('sha256')
        .update(`${build()}${basename(shown)}\0`)
        .update(text)
        .digest('hex'),
    );
  return {
    has: (shown, text) => existsSync(fileOf(shown, text)),
    add(shown, text) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(fileOf(shown, text), '', { mode: 0o600 });
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
