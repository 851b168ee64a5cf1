export * from 'dcs-runtime/cloudrun';
