import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { isCollection } from 'yaml';
import { replaceFile } from '../files.ts';
import { compose, parse, readText } from './document.ts';
import { configSchema } from './schema.ts';

/** Sets one key, comments kept. What it would write must be a valid dcs.yaml. `seen`: the text the decision was made on. */
export async function editConfig(file: string, path: readonly string[], value: unknown, seen?: string): Promise<void> {
  const real = await realpath(file);
  const shown = basename(file);
  const before = await readText(real, shown);
  if (before === undefined || (seen !== undefined && seen !== before)) throw changed(shown);
  const document = compose(before, shown);
  for (let depth = 1; depth < path.length; depth++) {
    const parent = document.getIn(path.slice(0, depth), true);
    if (parent !== undefined && !isCollection(parent))
      throw new DcsError('CONFIG', `${shown}: ${path.slice(0, depth).join('.')} is not a map; ${path.join('.')} cannot be set.`, {
        why: 'Nothing was written.',
      });
  }
  document.setIn(path, document.createNode(value));
  await replaceConfig(real, before, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
}

/** Writes dcs.yaml as a whole. Throws CONFIG when it would not be valid, CONFLICT when it is not `before` any more. */
export async function replaceConfig(file: string, before: string, after: string): Promise<void> {
  const shown = basename(file);
  parse(after, shown, configSchema);
  if ((await readText(file, shown)) !== before) throw changed(shown);
  await replaceFile(file, after, (await stat(file)).mode & 0o777);
}

const changed = (shown: string): DcsError =>
  new DcsError('CONFLICT', `${shown} was changed by somebody else meanwhile.`, {
    why: 'Nothing was written.',
    hint: 'run the command again',
  });
