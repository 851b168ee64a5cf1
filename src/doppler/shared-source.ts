import type { Source, SourceRead } from 'dcs-sdk';

/** A source that is read once for all who ask, whatever version each of them knows. */
export interface SharedSource extends Source {
  /** What was read so far counts no longer. */
  renew(): void;
}

/** At most one conditional read that brought nothing, and one that brought everything. A failure is everybody's too. */
export function sharedSource(source: Source): SharedSource {
  let turn: Promise<unknown> = Promise.resolve();
  let full: SourceRead | undefined;
  let unchanged: string | undefined;
  let failed: { readonly error: unknown } | undefined;
  const answer = async (unless: string | undefined): Promise<SourceRead | undefined> => {
    if (failed) throw failed.error;
    if (full) return full.version === unless ? undefined : full;
    if (unless !== undefined && unless === unchanged) return undefined;
    try {
      const read = await source.read(unchanged === undefined ? unless : undefined);
      if (read) return (full = read);
    } catch (error) {
      failed = { error };
      throw error;
    }
    unchanged = unless;
    return undefined;
  };
  return {
    title: source.title,
    identity: source.identity,
    read(unless) {
      const read = turn.then(() => answer(unless));
      turn = read.catch(() => undefined); // who asked gets it
      return read;
    },
    renew() {
      [full, unchanged, failed] = [undefined, undefined, undefined];
    },
  };
}
