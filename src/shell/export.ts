import { DcsError } from 'dcs-sdk';
import { isTrusted } from '../config/trust.ts';
import { plural } from '../render/style.ts';
import { refuseUnlessRevealed } from '../reveal.ts';
import { changesPrograms } from '../run/child-env.ts';
import { renderFormat } from '../run/formats/index.ts';
import { inject } from '../run/injection.ts';
import { Reader } from '../run/reader.ts';
import type { Session } from '../session.ts';

/** The shells that say when one enters a folder. */
export const EXPORTING = ['bash', 'zsh', 'fish'] as const;
export type ExportingShell = (typeof EXPORTING)[number];

/** A shell runs what stands in these, or shows it before each command. */
const OF_THE_SHELL = /^(R?PROMPT\d*|R?PS\d+|.*[a-z].*)$/;

/**
 * What a shell evaluates on entering the folder of a trusted dcs.yaml: the secrets of its environment out of the snapshot, framed so
 * that the shell can put back what was there before. Asks no server, and gives nothing of a protected environment.
 */
export async function exportScript(session: Session, shell: ExportingShell, reveal: boolean, say: (line: string) => void): Promise<string> {
  refuseUnlessRevealed(session, { reveal, allow: [] });
  const { project, directories } = session;
  if (!(await isTrusted(directories.stateDir, project.files)))
    throw new DcsError('REFUSED', 'This dcs.yaml is not trusted to act by itself.', { why: 'Nothing was read.', hint: 'dcs trust' });
  const chosen = session.choose(true);
  if (chosen.protected)
    throw new DcsError('REFUSED', `${chosen.name} is protected: its secrets enter no shell by themselves.`, {
      why: 'Nothing was read.',
      hint: `dcs run -e ${chosen.name} -- CMD`,
    });
  const injection = await inject(session, await Reader.open(session), {
    environments: [],
    only: [],
    except: [],
    allowMissing: false,
    offline: true,
    unmet: 'Nothing was exported.',
  });
  const secrets = new Map([...injection.secrets].filter(([name]) => !changesPrograms(name) && !OF_THE_SHELL.test(name)));
  const left = [...injection.secrets.keys()].filter((name) => !secrets.has(name));
  for (const line of injection.lines.filter((one) => one.startsWith('!'))) say(line);
  if (left.length > 0) say(`! ${left.join(', ')} left out: they change how programs start, or the shell itself`);
  say(`✓ ${plural(secrets.size, 'variable')} of ${chosen.name} until you leave`);
  const text = renderFormat(shell, secrets);
  return `_dcs_keep ${[...secrets.keys()].join(' ')}\n${text}_dcs_kept_now\n`;
}
