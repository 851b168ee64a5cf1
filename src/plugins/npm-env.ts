import type { Env } from 'dcs-sdk';

/**
 * All that npm gets of the caller's environment: enough to find its files, the network and the login of the registry. Nothing of
 * Doppler, of a cloud or of dcs, whatever it is called.
 */
const KEPT =
  /^(PATH|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|TMPDIR|TEMP|TMP|LANG|LC_.*|(HTTPS?|NO|ALL)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|NPM_TOKEN|NODE_AUTH_TOKEN|npm_config_(userconfig|cache|cafile|proxy|https_proxy|noproxy))$/i;

export const npmEnv = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined && KEPT.test(pair[0])));
