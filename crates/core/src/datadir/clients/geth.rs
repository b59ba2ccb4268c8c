//! geth.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["geth"],
    data: &[
        "geth/chaindata",
        "geth/lightchaindata",
        "geth/triedb",
        "geth/triecache*",
        "geth/blobpool",
        "geth/transactions.rlp*",
        "geth/nodes",
        "geth.ipc",
    ],
    kept: &[
        "jwtsecret",
        "logs",
        "geth/nodekey",
        "geth/jwtsecret",
        "geth/LOCK",
        "geth/static-nodes.json",
        "geth/trusted-nodes.json",
        "geth/config.toml",
    ],
    signed: &[],
};
