export { acquireDataLock, type DataLock, DirectoryBusyError } from './data-lock.ts';
export { createLog, type Log } from './log.ts';
export { isAlive, type ProcessIdentity, sameProcess, selfIdentity } from './process-identity.ts';
export { onTermination } from './termination.ts';
