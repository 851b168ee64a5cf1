import { isMap, isScalar, Pair, type Document, type Scalar, YAMLMap } from 'yaml';
import { compose } from './document.ts';

/** What `dcs config migrate` would write, and what it leaves to a person. */
export interface Migrated {
  readonly text: string;
  /** One sentence for each thing that changed; none: the file is of today's form. */
  readonly changes: readonly string[];
  /** What stays as it is, and why. */
  readonly left: readonly string[];
}

/** `worker: shop-api` of which environment? Target -> environment. */
export type Owners = ReadonlyMap<string, string>;

/** A file of the first version in today's form, comments kept. `shown`: the file as messages name it. */
export function migrate(text: string, shown: string, owners: Owners): Migrated {
  const document = compose(text, shown);
  const root = document.contents;
  const changes: string[] = [];
  const left: string[] = [];
  if (!isMap(root)) return { text, changes, left };
  const rename = (map: YAMLMap, from: string, to: string, where = ''): boolean => {
    const key = pairOf(map, from)?.key;
    if (!isScalar(key)) return false;
    (key as Scalar).value = to;
    changes.push(`${where}${from} is ${to}`);
    return true;
  };

  liftNeon(root);
  rename(root, 'platforms', 'targets');
  const targets = document.get('targets');
  if (isMap(targets)) migrateTargets(document, targets, owners, rename, { changes, left });
  migrateNeon(document, root, changes);
  migrateTriggers(document, root, changes);
  if (document.has('gcp')) left.push('gcp: stays until the plugin for Google Cloud reads it');
  if (changes.length === 0) return { text, changes, left };
  if (!document.has('version')) {
    addVersion(document, root);
    changes.push('version: 1 says which form this is');
  }
  return { text: document.toString({ lineWidth: 0, flowCollectionPadding: false }), changes, left };
}

/** The comment at the head of the file stays there. */
function addVersion(document: Document, root: YAMLMap): void {
  const version = document.createPair('version', 1);
  const first = root.items[0]?.key;
  if (isScalar(first) && isScalar(version.key) && first.commentBefore) {
    version.key.commentBefore = first.commentBefore;
    first.commentBefore = null;
  }
  root.items.unshift(version);
}

const pairOf = (map: YAMLMap, key: string): Pair | undefined => map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

function migrateTargets(
  document: Document,
  targets: YAMLMap,
  owners: Owners,
  rename: (map: YAMLMap, from: string, to: string, where?: string) => boolean,
  { changes, left }: { readonly changes: string[]; readonly left: string[] },
): void {
  for (const { key, value } of targets.items) {
    if (!isMap(value) || !isScalar(key)) continue;
    const name = String(key.value);
    rename(value, 'worker_name', 'worker', `targets.${name}: `);
    if (targets.items.length > 1 && !value.has('include')) {
      value.set('include', document.createNode(['*'], { flow: true }));
      changes.push(`targets.${name}: include: ["*"] says that it gets everything`);
    }
    const owner = owners.get(name);
    const place = PLACES.find((option) => isScalar(value.get(option, true)));
    if (owner === undefined) continue;
    if (place === undefined) {
      left.push(`targets.${name}: names no single place that could be given to ${owner}`);
      continue;
    }
    value.set(place, document.createNode({ [owner]: value.get(place) }, { flow: true }));
    changes.push(`targets.${name}: ${place} belongs to ${owner}`);
  }
}

/** What names the one place of a target, per platform. */
const PLACES = ['worker', 'project', 'store_id', 'project_id'];

/** From under platforms to the top, where another file has it. */
function liftNeon(root: YAMLMap): void {
  const platforms = root.get('platforms');
  if (!isMap(platforms) || root.has('neon')) return;
  const neon = pairOf(platforms, 'neon');
  if (neon === undefined) return;
  platforms.items.splice(platforms.items.indexOf(neon), 1);
  root.items.splice(root.items.findIndex(({ value }) => value === platforms) + 1, 0, neon);
}

function migrateNeon(document: Document, root: YAMLMap, changes: string[]): void {
  const at = root.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === 'neon');
  const neon = root.items[at]?.value;
  if (!isMap(neon)) return;
  const mapping = pairOf(neon, 'branch_mapping')?.key;
  if (isScalar(mapping)) (mapping as Scalar).value = 'branch';
  neon.items.unshift(document.createPair('type', 'neon'));
  const sources = new YAMLMap();
  sources.items.push(new Pair(document.createNode('db'), neon));
  const key = root.items[at]!.key as Scalar;
  key.value = 'sources';
  root.items[at]!.value = sources;
  changes.push('neon is the source db');
}

function migrateTriggers(document: Document, root: YAMLMap, changes: string[]): void {
  const sync = document.get('sync');
  const triggers = isMap(sync) ? pairOf(sync, 'triggers') : undefined;
  if (!isMap(sync) || triggers === undefined) return;
  const list = (triggers.value as { items?: unknown[] } | null)?.items ?? [];
  for (const trigger of list.filter((one) => isMap(one))) {
    for (const [from, to] of [
      ['target', 'environment'],
      ['platforms', 'targets'],
    ] as const) {
      const key = pairOf(trigger, from)?.key;
      if (isScalar(key)) (key as Scalar).value = to;
    }
  }
  const at = root.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === 'sync');
  root.items[at] = triggers;
  changes.push('sync.triggers is triggers; their target is environment, their platforms are targets');
}
