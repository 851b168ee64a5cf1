import type { Transform } from 'node:stream';
import type { Secret } from 'dcs-sdk';

/** Makes the mask of each stream; throws rather than leave one without. Says which values are too short to be masked. */
export async function masksFor(secrets: ReadonlyMap<string, Secret>, say: (line: string) => void): Promise<() => Transform> {
  const { compileMatcher, redactStream, skippedLine } = await import('./redact/matcher.ts');
  const matcher = compileMatcher(secrets);
  const line = skippedLine(matcher);
  if (line !== undefined) say(line);
  return () => redactStream(matcher.stream());
}
