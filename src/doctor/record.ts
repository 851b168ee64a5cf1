import { existsSync } from 'node:fs';
import { DcsError, type Environment } from 'dcs-sdk';
import { keyFile } from '../engine/key.ts';
import { ledgerFile } from '../engine/ledger-machine.ts';
import { keyName, openRecord } from '../record.ts';
import type { Session } from '../session.ts';
import { problem, warning, type DoctorFinding } from './finding.ts';

/** What dcs knows of one place. Throws where the record or its key cannot be read. */
export type Records = (what: string, place: string) => Promise<readonly DoctorFinding[]>;

/** The records of one environment. Makes no key: it would stand where the lost one has to be put back. */
export function recordsOf(session: Session, environment: Environment): Records {
  const never = (what: string): readonly DoctorFinding[] => [
    warning(what, 'never synced from this machine', [`dcs diff -e ${environment.name}`]),
  ];
  const again = `dcs sync -e ${environment.name}     else: asks for each name again, no value is lost`;
  const machine = session.project.ledger(environment.name) === 'machine';
  const { stateDir } = session.directories;
  const key = machine ? keyFile(stateDir, keyName(environment)) : 'DCS_LEDGER_KEY';
  let opened: ReturnType<typeof openRecord> | undefined;
  return async (what, place) => {
    if (machine && !existsSync(key)) {
      const file = ledgerFile(stateDir, place);
      if (!existsSync(file)) return never(what);
      const message = `The key ${key} is missing; ${file} is sealed with it.`;
      return [problem(what, new DcsError('CONFLICT', message, { hint: [`restore ${key} from a backup`, again] }))];
    }
    const { home } = await (opened ??= openRecord(session, environment));
    const ledger = await home.load(place);
    if (ledger === undefined) return never(what);
    if (!ledger.foreign) return [];
    const message = `${home.fileOf(place)} is sealed with another key than ${key}.`;
    return [problem(what, new DcsError('CONFLICT', message, { hint: [`restore the key that sealed it as ${key}`, again] }))];
  };
}
