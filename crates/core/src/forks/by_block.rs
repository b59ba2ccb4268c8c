//! Hardforks of the execution layer that are scheduled by block number.

/// A hardfork that is scheduled by block number.
#[derive(Debug, Clone, Copy)]
pub struct BlockFork {
    /// Its key in the `config` of a genesis.
    pub key: &'static str,
    /// Whether a later hardfork may be set without it.
    pub optional: bool,
    /// The transitions of a Nethermind chainspec that it consists of.
    pub transitions: &'static [&'static str],
}

/// The hardforks by block number, in the order of activation. Sources: geth `params/config.go`
/// (`CheckConfigForkOrder`); ethereum-genesis-generator (1e01e5d)
/// `apps/el-gen/generate_genesis.sh`.
pub const BLOCK_FORKS: [BlockFork; 15] = {
    const fn required(key: &'static str, transitions: &'static [&'static str]) -> BlockFork {
        BlockFork { key, optional: false, transitions }
    }
    const fn optional(key: &'static str) -> BlockFork {
        BlockFork { key, optional: true, transitions: &[] }
    }
    [
        required("homesteadBlock", &[]),
        optional("daoForkBlock"),
        required("eip150Block", &["eip150"]),
        required("eip155Block", &["eip155", "eip160"]),
        required("eip158Block", &["eip158", "eip161abc", "eip161d", "maxCodeSize"]),
        required("byzantiumBlock", &["eip140", "eip211", "eip214", "eip658"]),
        required("constantinopleBlock", &["eip145", "eip1014", "eip1052", "eip1283"]),
        required("petersburgBlock", &["eip1283Disable"]),
        required(
            "istanbulBlock",
            &["eip152", "eip1108", "eip1344", "eip1884", "eip2028", "eip2200"],
        ),
        optional("muirGlacierBlock"),
        required("berlinBlock", &["eip2565", "eip2929", "eip2930"]),
        required(LONDON, &["eip1559", "eip3198", "eip3529", "eip3541"]),
        optional("arrowGlacierBlock"),
        optional("grayGlacierBlock"),
        optional("mergeNetsplitBlock"),
    ]
};

/// The key of London, whose blocks have a base fee (EIP-1559).
pub const LONDON: &str = "londonBlock";
