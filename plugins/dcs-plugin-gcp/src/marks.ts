import type { Mark } from 'dcs-sdk';
import type { Json } from './api.ts';
import type { Stored } from './secrets-api.ts';

// Annotations are for tools, 16 KiB in all: https://cloud.google.com/secret-manager/docs/adding-notes-to-secrets, last verified 2026-11-21.
const OWNER = 'dcs-source';
const CREATED = 'dcs-created';
const PLACE = 'dcs-target';
const MAC = 'dcs-hmac';
const KEY = 'dcs-key';
const VERSION = 'dcs-version';
const WRITER = 'dcs-writer';

export const LABELS = { 'managed-by': 'dcs' } as const;

export const revisionOf = (id: string, version: number): string => `${id}@${version}`;

/** The secret and the number in a revision of ours. */
export function versionIn(revision: string): { id: string; version: number } | undefined {
  const [, id, version] = /^([A-Za-z0-9_-]+)@(\d+)$/.exec(revision) ?? [];
  return id === undefined ? undefined : { id, version: Number(version) };
}

/** What dcs leaves beside a version: which source wrote it, and an HMAC of what. Never the value, never a plain hash. */
export function annotationsOf({ owner, created, place, mac, keyId }: Mark, version: number): Json {
  return {
    [OWNER]: owner,
    [CREATED]: String(created),
    [VERSION]: String(version),
    [WRITER]: 'dcs',
    ...(place === undefined ? {} : { [PLACE]: place }),
    ...(mac === undefined || keyId === undefined ? {} : { [MAC]: mac, [KEY]: keyId }),
  };
}

/** dcs made it, or wrote it. */
export const keptByDcs = ({ labels, annotations }: Stored): boolean => labels.get('managed-by') === 'dcs' || annotations.has(OWNER);

export function markOf({ id, annotations }: Stored): { mark?: Mark } {
  const [owner, place, mac, keyId, version] = [OWNER, PLACE, MAC, KEY, VERSION].map((name) => annotations.get(name));
  if (owner === undefined) return {};
  return {
    mark: {
      owner,
      created: annotations.get(CREATED) === 'true',
      ...(place === undefined ? {} : { place }),
      ...(mac === undefined ? {} : { mac }),
      ...(keyId === undefined ? {} : { keyId }),
      ...(version === undefined || mac === undefined ? {} : { revision: revisionOf(id, Number(version)) }),
    },
  };
}
