import { rekeyVault } from '../../core/vault/rekey.ts'

/* Gives a store one key after the other, until it is killed. Says so each time it begins. */
const [folder = '', keyFile = ''] = process.argv.slice(2)
for (;;) {
  process.stdout.write('begun\n')
  await rekeyVault({ folder, keyFile, passphrase: null })
  await new Promise((done) => setImmediate(done))
}
