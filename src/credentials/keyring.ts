import type { Log } from 'dcs-sdk';

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

/** Keychain, Credential Manager or Secret Service. Never the Linux kernel keyring, which forgets at reboot. */
export function osKeyring(log: Log): OpenKeyring {
  return async (service, account) => {
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
