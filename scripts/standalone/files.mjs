import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Every file below a folder, sorted: {path, size, executable}. */
export function filesOf(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => {
      const { size, mode } = statSync(file);
      return { path: relative(tree, file).replaceAll(sep, '/'), size, executable: (mode & 0o100) !== 0 };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
