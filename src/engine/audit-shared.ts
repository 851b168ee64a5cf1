import { DcsError } from 'dcs-sdk';
import { chained, historyOf, type AuditLog } from './audit.ts';
import type { SharedStore } from './shared-store.ts';

const NAME = 'DCS_HISTORY';
/** The newest so many stay: a value of Doppler is no archive. */
const KEPT = 1000;
const TRIES = 8;

/** The history of one environment beside its shared record. */
export function sharedLog(store: SharedStore): AuditLog {
  const lines = async (): Promise<string[]> => ((await store.read([NAME])).get(NAME) ?? '').split('\n').filter((line) => line !== '');
  return {
    title: store.title,
    async append(entries) {
      for (let tries = 0; tries < TRIES; tries++) {
        // oxlint-disable-next-line no-await-in-loop -- read again because another machine wrote meanwhile
        const before = await lines();
        const after = [...before, ...chained(before, entries)].slice(-KEPT);
        // oxlint-disable-next-line no-await-in-loop -- as above
        if (await store.swap(NAME, `${after.join('\n')}\n`)) return;
      }
      throw new DcsError('CONFLICT', `The history in ${store.title} could not be written: others write to it all the time.`, {
        hint: 'dcs status     tells what was written',
      });
    },
    read: async () => historyOf(await lines()),
  };
}
