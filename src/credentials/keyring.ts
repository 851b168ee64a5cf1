import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env, Log } from 'dcs-sdk';

/** One item of the operating system's keyring. */
export interface KeyringItem {
  get(): Promise<string | undefined>;
  set(value: string): Promise<void>;
  /** False when there was nothing to delete. */
  delete(): Promise<boolean>;
}

/** Undefined: this machine has no keyring that dcs can use. */
export type OpenKeyring = (service: string, account: string) => Promise<KeyringItem | undefined>;

// A locked keychain asks its owner and may never answer.
const PATIENCE = 5000;

/**
 * Whether anything could answer: without it the package, a binary, is not even loaded. The fallback is the one of D-Bus libraries:
 * https://www.freedesktop.org/software/systemd/man/latest/pam_systemd.html (last verified 2026-11-21).
 */
function hasSessionBus({ DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: folder }: Env): boolean {
  if (address) return true;
  return existsSync(join(folder || `/run/user/${process.getuid?.()}`, 'bus'));
}

/** Keychain, Credential Manager or Secret Service. Never the Linux kernel keyring, which forgets at reboot. */
export function osKeyring(log: Log): OpenKeyring {
  return async (service, account) => {
    if (process.platform === 'linux' && !hasSessionBus(process.env)) {
      log('no OS keyring: this session has no D-Bus');
      return undefined;
    }
    try {
      const { AsyncEntry } = await import('@napi-rs/keyring');
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
      const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE);
      return {
        get: async () => (await entry.getPassword(patience())) ?? undefined,
        set: (value) => entry.setPassword(value, patience()),
        delete: () => entry.deleteCredential(patience()),
      };
    } catch (error) {
      // The package is optional and its binary may not exist here; the reason differs by platform and helps only in --verbose.
      log(`no OS keyring: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
}
