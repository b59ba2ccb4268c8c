//! geth, a beacon node and a validator client on the files of one `init`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::http;
use super::process::{Process, assert_installed, free_ports};

const FEE_RECIPIENT: &str = "0x8943545177806ED17B9F23F0a21ee5948eCaa776";

/// A running network of one node. The order of the fields is the order of shutdown: Lodestar before geth.
#[derive(Debug)]
pub struct Devnet {
    validator: Option<Process>,
    beacon: Process,
    geth: Process,
    pub execution: u16,
    pub consensus: u16,
    genesis_time: u64,
}

impl Devnet {
    /// Starts all three with empty directories in `data`, and waits for the beacon node.
    pub fn start(runtime: &Path, summary: &Value, data: &Path) -> Self {
        let lodestar = lodestar();
        std::fs::create_dir(data).unwrap();
        let metadata = runtime.join("metadata");
        let jwt = runtime.join("jwt/jwtsecret");
        let [execution, engine, consensus, p2p, discovery] = free_ports();

        let init = geth(data).arg("init").arg(metadata.join("genesis.json")).output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        if metadata.join("chain.rlp").exists() {
            let import = geth(data).arg("import").arg(metadata.join("chain.rlp")).output().unwrap();
            assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
        }
        let mut command = geth(data);
        command.args(["--syncmode", "full", "--ipcdisable"]);
        command.args(["--port", "0", "--nodiscover", "--maxpeers", "0"]);
        command.args(["--http", "--http.addr", "127.0.0.1", "--http.api", "eth"]);
        command.args(["--http.port", &execution.to_string()]);
        command.args(["--authrpc.addr", "127.0.0.1", "--authrpc.port", &engine.to_string()]);
        command.arg("--authrpc.jwtsecret").arg(&jwt);
        let geth = Process::start("geth", &mut command, data);

        let mut command = node(&lodestar);
        command.arg("beacon").arg("--dataDir").arg(data.join("beacon"));
        command.arg("--paramsFile").arg(metadata.join("config.yaml"));
        command.arg("--genesisStateFile").arg(metadata.join("genesis.ssz"));
        command.args(["--execution.urls", &format!("http://127.0.0.1:{engine}"), "--jwt-secret"]);
        command.arg(&jwt).args(["--eth1", "false", "--listenAddress", "127.0.0.1"]);
        command.args(["--port", &p2p.to_string(), "--discoveryPort", &discovery.to_string()]);
        command.args(["--rest", "--rest.namespace", "*", "--rest.address", "127.0.0.1"]);
        command.args(["--rest.port", &consensus.to_string(), "--sync.isSingleNode", "true"]);
        command.args(["--network.allowPublishToZeroPeers", "true"]);
        command.args(["--network.connectToDiscv5Bootnodes", "false"]);
        command.args(["--suggestedFeeRecipient", FEE_RECIPIENT]);
        let beacon = Process::start("beacon", &mut command, data);

        let genesis_time = summary["cl"]["genesis_time"].as_u64().unwrap();
        let mut devnet = Self { validator: None, beacon, geth, execution, consensus, genesis_time };
        // Started last: the validator client only polls the beacon node every 12 seconds.
        devnet.eventually("the beacon node answers", 60, |net| {
            net.beacon("/eth/v1/beacon/genesis").map(|_| ())
        });
        devnet.say("the beacon node answers");
        let mut command = node(&lodestar);
        command.arg("validator").arg("--dataDir").arg(data.join("validator"));
        command.arg("--paramsFile").arg(metadata.join("config.yaml"));
        command.args(["--server", &format!("http://127.0.0.1:{consensus}")]);
        command.arg("--keystoresDir").arg(runtime.join("validator-keys/keys"));
        command.arg("--secretsDir").arg(runtime.join("validator-keys/secrets"));
        command.args(["--suggestedFeeRecipient", FEE_RECIPIENT]);
        devnet.validator = Some(Process::start("validator", &mut command, data));
        devnet
    }

    pub fn eth(&self, method: &str, params: Value) -> Result<Value, String> {
        http::call(self.execution, method, params)
    }

    pub fn beacon(&self, path: &str) -> Result<Value, String> {
        http::get(self.consensus, path)
    }

    /// Polls until `ask` succeeds, which takes up to `seconds`, and three times as long on a busy machine.
    /// Fails at once if a process ends.
    pub fn eventually<T>(
        &mut self,
        what: &str,
        seconds: u64,
        mut ask: impl FnMut(&Self) -> Result<T, String>,
    ) -> T {
        let end = Instant::now() + 3 * Duration::from_secs(seconds);
        loop {
            self.geth.assert_alive();
            self.beacon.assert_alive();
            if let Some(validator) = &mut self.validator {
                validator.assert_alive();
            }
            match ask(self) {
                Ok(answer) => return answer,
                Err(error) => {
                    assert!(
                        Instant::now() < end,
                        "not in three times {seconds} s: {what}: {error}"
                    );
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Seconds since genesis; negative before it.
    pub fn age(&self) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let genesis = Duration::from_secs(self.genesis_time);
        now.as_secs_f64() - genesis.as_secs_f64()
    }

    /// Reports progress with the time.
    pub fn say(&self, what: &str) {
        println!("genesis {:+.1} s: {what}", self.age());
    }
}

fn geth(data: &Path) -> Command {
    let how = "scripts/install_geth.sh, and PATH=\"$(go env GOPATH)/bin:$PATH\"";
    assert_installed("geth", "version", how);
    let mut command = Command::new("geth");
    command.arg("--datadir").arg(data.join("geth"));
    command.args(["--db.engine=leveldb", "--state.scheme=hash", "--cache=64", "--gcmode=archive"]);
    command
}

fn node(lodestar: &Path) -> Command {
    let mut command = Command::new("node");
    // Lodestar reads every variable with this prefix as a flag, and refuses unknown ones.
    command.env_remove("LODESTAR_DIR").env("LODESTAR_PRESET", "minimal");
    // Node 20 lacks Promise.withResolvers.
    command.arg("--require").arg(lodestar.join("withresolvers.cjs"));
    command.arg(lodestar.join("node_modules/@chainsafe/lodestar/lib/index.js"));
    command
}

fn lodestar() -> PathBuf {
    assert_installed("node", "--version", "apt-get install nodejs npm");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("LODESTAR_DIR").unwrap_or_else(|| "target/lodestar".into());
    let directory = root.join(given);
    let installed = directory.join("installed.json").exists();
    assert!(installed, "{} is no Lodestar: scripts/install_lodestar.sh", directory.display());
    directory
}
