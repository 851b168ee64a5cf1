import { DcsError, isDcsError, type Invocation } from 'dcs-sdk';
import { prompts } from '../prompts.ts';
import { bring } from './bring.ts';
import { goOn } from './go-on.ts';
import { shortName } from './names.ts';
import { versionFor, type Dcs } from './official.ts';

export const installLine = (names: readonly string[]): string => `dcs plugins install ${names.map(shortName).join(' ')}`;

/** Where somebody can be asked: installs these official plugins after one yes and starts the command line anew. Returns after a no. */
export async function offer(dcs: Dcs, names: readonly string[], why: string, invocation: Invocation): Promise<void> {
  if (!prompts(invocation, process.env).possible) return;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  say(why);
  try {
    await bring(
      dcs,
      names.map((name) => ({ kind: 'package', name })),
      { ...invocation, yes: false },
      say,
    );
  } catch (error) {
    if (isDcsError(error) && error.message === 'You said no.') return;
    throw error;
  }
  await goOn();
}

/** The same; where nobody can be asked it ends with the line to type. */
export async function offerOrSay(dcs: Dcs, names: readonly string[], message: string, invocation: Invocation): Promise<void> {
  if (!prompts(invocation, process.env).possible)
    throw new DcsError('USAGE', message, {
      why: `${names.map((name) => `${name} ${versionFor(dcs, name) ?? ''}`.trim()).join(', ')} ${names.length === 1 ? 'is' : 'are'} not installed. Nothing was read or written.`,
      hint: installLine(names),
    });
  await offer(dcs, names, message, invocation);
}
