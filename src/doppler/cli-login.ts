import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Env, Log } from 'dcs-sdk';

export interface CliPlace {
  readonly env: Env;
  readonly home: string;
  readonly cwd: string;
  readonly log: Log;
}

// What the program needs to find its file and the keyring; no DOPPLER_TOKEN, or it would answer that one.
const PASSED = [
  'PATH',
  'DOPPLER_CONFIG_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'SYSTEMROOT',
  'APPDATA',
  'LOCALAPPDATA',
];

/** The login of the Doppler CLI, asked of the program itself: it resolves scopes and keyring. Undefined when it is not there or has none. */
export async function askDopplerCli({ env, home, cwd, log }: CliPlace): Promise<string | undefined> {
  const program = await findProgram(env);
  if (program === undefined) return undefined;
  const passed = PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  try {
    const { stdout } = await promisify(execFile)(program, ['configure', 'get', 'token', '--plain', '--no-check-version'], {
      env: { ...Object.fromEntries(passed), HOME: home, USERPROFILE: home, DOPPLER_ENABLE_VERSION_CHECK: 'false' },
      cwd,
      timeout: 5000,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    return stdout.trim() || undefined;
  } catch (error) {
    // Its output may quote the token: only how it ended is told.
    const { killed, code } = error as { killed?: boolean; code?: string | number };
    log(
      killed === true
        ? 'doppler configure get token: no answer within 5 s'
        : `doppler configure get token: ended with ${code ?? 'a signal'}`,
    );
    return undefined;
  }
}

/** Looks in absolute directories only: a repository must not answer for `doppler`. */
async function findProgram(env: Env): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'doppler.exe' : 'doppler';
  const files = (env['PATH'] ?? env['Path'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, name));
  const usable = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => file,
        () => undefined,
      ),
    ),
  );
  return usable.find((file) => file !== undefined);
}
