/** One instance, or one worker of it under PM2. */
import { readConfig } from './config.ts';
import { createInstance } from './instance.ts';
import { onShutdown } from './shutdown.ts';

const instance = await createInstance(readConfig(process.env));
onShutdown(instance.stop, instance.config.shutdownTimeout_ms, instance.log);
await instance.warm();
await instance.listen();
process.send?.('ready');
instance.log('info', { message: `listening on ${instance.config.host}:${String(instance.config.port)}` });
