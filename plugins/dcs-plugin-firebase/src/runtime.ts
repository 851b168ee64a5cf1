export * from 'dcs-runtime/firebase';
