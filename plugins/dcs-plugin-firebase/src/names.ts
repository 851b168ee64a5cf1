/** Names that the Firebase CLI gives a secret: firebase-tools 15.34.2 (its lib/functions/env.js and lib/functions/secrets.js), last verified 2026-11-21. */
export const NAMES = /^[A-Z_][A-Z0-9_]{0,254}$/;

const WORDS = [
  'FIREBASE_CONFIG',
  'CLOUD_RUNTIME_CONFIG',
  'EVENTARC_CLOUD_EVENT_SOURCE',
  'ENTRY_POINT',
  'GCP_PROJECT',
  'GCLOUD_PROJECT',
  'GOOGLE_CLOUD_PROJECT',
  'FUNCTION_TRIGGER_TYPE',
  'FUNCTION_NAME',
  'FUNCTION_MEMORY_MB',
  'FUNCTION_TIMEOUT_SEC',
  'FUNCTION_IDENTITY',
  'FUNCTION_REGION',
  'FUNCTION_TARGET',
  'FUNCTION_SIGNATURE_TYPE',
  'K_SERVICE',
  'K_REVISION',
  'K_CONFIGURATION',
  'PORT',
];

export const RESERVED = new RegExp(`^(X_GOOGLE_|FIREBASE_|EXT_|KIT_)|^(${WORDS.join('|')})$`);

/** `stripe.webhook/secret` as a secret's name: STRIPE_WEBHOOK_SECRET. */
export const upperSnake = (words: readonly string[]): string =>
  words
    .flatMap((word) => word.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').split(/[^A-Za-z0-9]+/))
    .filter((word) => word !== '')
    .join('_')
    .toUpperCase();
