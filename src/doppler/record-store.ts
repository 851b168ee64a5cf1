import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress } from 'node:zlib';
import { DcsError, isDcsError } from 'dcs-sdk';
import type { SharedStore } from '../engine/shared-store.ts';
import type { DopplerClient, GuardedChange } from './client.ts';
import { recordConfig } from './record-config.ts';
import { together } from './together.ts';

/** A value of Doppler holds 50 KiB: https://docs.doppler.com/docs/platform-limits (last verified 2026-11-21). */
const PART_BYTES = 48 * 1024;
const PARTS = 8;
const TRIES = 4;
/** In one request: they stand in its address. */
const NAMES = 100;
/** Texts in one request: a megabyte at the most. */
const TOGETHER = 20;

/** Raw values of one text's parts, the first one bearing their number and a digest of all. */
type Parts = readonly string[];

/**
 * Texts as secrets of a branch config of their own, so that no app, integration or webhook of the environment's config ever
 * meets them and its version stays what it is. Written by compare-and-set.
 */
export function recordStore(client: DopplerClient, { project, config }: { project: string; config: string }): SharedStore {
  const record = recordConfig(config);
  const title = `Doppler ${project}/${record}`;
  const last = new Map<string, Parts>();
  const send = together<readonly GuardedChange[]>(async (all) => void (await client.change(project, record, all.flat())), TOGETHER);
  let there = true;

  async function raws(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length <= NAMES) return some(names);
    const first = await some(names.slice(0, NAMES));
    return new Map([...first, ...(await raws(names.slice(NAMES)))]);
  }

  async function some(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    try {
      const answer = await client.secrets(project, record, { names });
      if (answer === 'not-modified') throw new DcsError('NETWORK', 'Doppler answered "not modified" to a full read.');
      there = true;
      const found = names.flatMap((name): [string, string][] => {
        const secret = answer.secrets.get(name);
        if (secret === undefined) return [];
        if (secret.raw === null) throw hidden(title, name);
        return [[name, secret.raw]];
      });
      return new Map(found);
    } catch (error) {
      if (!isDcsError(error) || error.details.status !== 404) throw explained(error, title);
      there = false; // no such config yet: nobody recorded anything
      return new Map();
    }
  }

  async function partsOf(names: readonly string[]): Promise<Map<string, Parts>> {
    const firsts = await raws(names);
    const wanted = [...firsts].flatMap(([name, first]) => partNames(name, countOf(first, title, name)).slice(1));
    const rest = wanted.length === 0 ? new Map<string, string>() : await raws(wanted);
    return new Map(
      [...firsts].map(([name, first]) => {
        const others = partNames(name, countOf(first, title, name)).slice(1);
        return [name, [first, ...others.flatMap((part) => rest.get(part) ?? [])]];
      }),
    );
  }

  /** Two requests may meet a write between them: then the parts do not fit, and are read again. */
  async function read(names: readonly string[]): Promise<Map<string, string>> {
    for (let tries = 1; ; tries++) {
      const parts = await partsOf(names);
      const texts = await Promise.all([...parts].map(async ([name, each]) => [name, await joined(each)] as const));
      if (texts.every(([, text]) => text !== undefined)) {
        for (const name of names) last.set(name, parts.get(name) ?? []);
        return new Map(texts as [string, string][]);
      }
      if (tries === TRIES)
        throw new DcsError('CONFLICT', `The record in ${title} is damaged.`, {
          why: 'Without it dcs cannot tell what it wrote. Nothing was written.',
          hint: `restore ${texts.find(([, text]) => text === undefined)![0]} from Doppler's log, or delete it: then names are asked for again`,
        });
    }
  }

  async function swap(name: string, text: string | undefined): Promise<boolean> {
    const was = last.get(name) ?? [];
    const now = text === undefined ? [] : await split(text, title);
    if (now.length === 0 && was.length === 0) return true;
    if (!there) await make();
    try {
      await send(changes(name, was, now));
    } catch (error) {
      if (!isDcsError(error)) throw error;
      return landed(name, was, now, error);
    }
    last.set(name, now);
    return true;
  }

  /** Refused, or the answer was lost: what stands there now tells which. */
  async function landed(name: string, was: Parts, now: Parts, error: DcsError): Promise<boolean> {
    if (error.code === 'AUTH') throw explained(error, title);
    const found = (await partsOf([name])).get(name) ?? [];
    if (equal(found, now)) {
      last.set(name, now);
      return true;
    }
    if (equal(found, was)) throw explained(error, title);
    return false;
  }

  async function make(): Promise<void> {
    const { environment } = await client.config(project, config);
    try {
      await client.createConfig(project, environment, record);
    } catch (error) {
      if (!isDcsError(error)) throw error;
      await client.config(project, record).catch(() => Promise.reject(explained(error, title))); // another machine made it first
    }
    there = true;
  }

  async function prepare(): Promise<void> {
    await raws([PROBE]);
    if (!there) await make();
  }

  return { title, prepare, read, swap };
}

/** A name that nobody uses: reading it tells whether the config is there and open to this token. */
const PROBE = 'DCS_RECORD';

function changes(name: string, was: Parts, now: Parts): GuardedChange[] {
  return partNames(name, Math.max(was.length, now.length)).flatMap((part, index): GuardedChange[] => {
    const change = { name: part, was: was[index] ?? null, value: now[index] ?? null };
    return change.was === change.value ? [] : [change];
  });
}

const partNames = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}_${index + 1}`));

function countOf(first: string, title: string, name: string): number {
  const count = /^(\d)\.[0-9a-f]{16}\./.exec(first)?.[1];
  if (count !== undefined && count !== '0') return Number(count);
  throw new DcsError('CONFLICT', `${name} in ${title} is no record of dcs.`, {
    why: 'Somebody edited it, or a newer dcs wrote it. Nothing was written.',
    hint: `restore ${name} from Doppler's log, or delete it: then names are asked for again, and no value is lost`,
  });
}

async function split(text: string, title: string): Promise<Parts> {
  const packed = (await promisify(brotliCompress)(text)).toString('base64');
  const parts = packed.match(new RegExp(`.{1,${PART_BYTES}}`, 'g')) ?? [''];
  if (parts.length > PARTS)
    throw new DcsError('CONFIG', `The record is too large for ${title}.`, {
      why: `Doppler takes ${PARTS} values of 50 KiB for it; this target has too many names.`,
      hint: 'ledger: git',
    });
  return [`${parts.length}.${hash('sha256', packed).slice(0, 16)}.${parts[0]}`, ...parts.slice(1)];
}

/** Undefined: the parts are not of one text. */
async function joined([first = '', ...rest]: Parts): Promise<string | undefined> {
  const [, digest, start = ''] = first.split('.');
  const packed = [start, ...rest].join('');
  if (hash('sha256', packed).slice(0, 16) !== digest) return undefined;
  return (await promisify(brotliDecompress)(Buffer.from(packed, 'base64'))).toString('utf8');
}

const equal = (a: Parts, b: Parts): boolean => a.length === b.length && a.every((part, index) => part === b[index]);

const hidden = (title: string, name: string): DcsError =>
  new DcsError('AUTH', `${name} in ${title} may not be read with this token.`, {
    why: 'Its visibility is "restricted", or the token is too narrow. Nothing was written.',
    hint: `set its visibility to masked in ${title}`,
  });

/** A service token opens one config only, and the record lies in another. */
function explained(error: unknown, title: string): unknown {
  if (!isDcsError(error) || error.code !== 'AUTH') return error;
  return new DcsError('AUTH', `The Doppler token has no access to ${title}, where the shared record is.`, {
    why: 'A service token opens one config only. Nothing was written.',
    hint: [`DCS_LEDGER_TOKEN=<a read/write service token of ${title.replace('Doppler ', '')}>`, 'or ledger: git'],
  });
}
