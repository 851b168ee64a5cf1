const SUFFIX = '_dcs';

/** The branch config that holds the record of this config's syncs. */
export const recordConfig = (config: string): string => `${config}${SUFFIX}`;

/** Such a config is dcs's own: no environment, no source. */
export const isRecordConfig = (config: string): boolean => config.endsWith(SUFFIX);
