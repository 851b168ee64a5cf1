export * from 'dcs-runtime/neon';
