//! The table of forks. To add a fork, add its row and its file in `cl/fork`.
//!
//! A new field of the execution header is also a field of [`crate::el::header::Header`]; a new
//! system contract has its own row in [`crate::el::system_contracts`].
//!
//! Sources: consensus-specs `specs/`; geth `params/config.go`; the meta EIPs 6953, 7569, 7600, 7607
//! and 7773; EIP-7840 and EIP-7892 for blobs, EIP-7910 for `eth_config`;
//! execution-apis `src/engine/` for `engine`.

/// Passes the table to the macro `$with`, which generates code from it.
///
/// `Consensus(file) { columns } => Execution("name") { columns }`: a fork of both layers. Either side
/// may be absent, and so may the consensus columns. The last row exists in unit tests only: it proves
/// that a row and a file are enough.
macro_rules! fork_table {
    ($with:ident) => {
        $with! {
            Phase0(phase0);
            Altair(altair);
            Bellatrix(bellatrix) { engine: (1, 1) };
            Capella(capella) { engine: (2, 2) } => Shanghai("shanghai") {
                eips: &[4895, 3855, 3651, 3860],
                header_field: Some("withdrawalsRoot"),
            };
            Deneb(deneb) { engine: (3, 3) } => Cancun("cancun") {
                eips: &[4844, 4788, 1153, 5656, 6780],
                blobs: Blobs::Limits {
                    params: BlobParams { target: 3, max: 6, update_fraction: 3_338_477 },
                    max_key: Some("MAX_BLOBS_PER_BLOCK"),
                },
                header_field: Some("parentBeaconBlockRoot"),
                eth_config: Some(("systemContracts", "BEACON_ROOTS_ADDRESS")),
            };
            Electra(electra) { engine: (4, 3) } => Prague("prague") {
                eips: &[2537, 2935, 6110, 7002, 7251, 7623, 7702],
                blobs: Blobs::Limits {
                    params: BlobParams { target: 6, max: 9, update_fraction: 5_007_716 },
                    max_key: Some("MAX_BLOBS_PER_BLOCK_ELECTRA"),
                },
                header_field: Some("requestsHash"),
                eth_config: Some(("systemContracts", "HISTORY_STORAGE_ADDRESS")),
                besu: &[
                    (
                        "withdrawalRequestContractAddress",
                        "\"0x00000961Ef480Eb55e80D19ad83579A64c007002\"",
                    ),
                    (
                        "consolidationRequestContractAddress",
                        "\"0x0000BBdDc7CE488642fb579F8B00f3a590007251\"",
                    ),
                ],
            };
            Fulu(fulu) { engine: (4, 3) } => Osaka("osaka") {
                eips: &[7594, 7823, 7825, 7883, 7918, 7934, 7939, 7951],
                blobs: Blobs::Inherited,
                eth_config: Some(("precompiles", "P256VERIFY")),
            };
            => Bpo1("bpo1") {
                blobs: Blobs::Limits {
                    params: BlobParams { target: 10, max: 15, update_fraction: 8_346_193 },
                    max_key: None,
                },
            };
            => Bpo2("bpo2") {
                blobs: Blobs::Limits {
                    params: BlobParams { target: 14, max: 21, update_fraction: 11_684_671 },
                    max_key: None,
                },
            };
            => Bpo3("bpo3") { blobs: Blobs::Required, };
            => Bpo4("bpo4") { blobs: Blobs::Required, };
            => Bpo5("bpo5") { blobs: Blobs::Required, };
            Gloas(gloas) => Amsterdam("amsterdam") {
                eips: &[
                    2780, 7708, 7778, 7843, 7928, 7954, 7976, 7981, 8024, 8037, 8038, 8246, 8282,
                ],
                blobs: Blobs::Inherited,
                header_field: Some("blockAccessListHash"),
            };
            #[cfg(test)]
            MadeUp(made_up) => Nevermore("nevermore") {
                eips: &[9999],
                blobs: Blobs::Limits {
                    params: BlobParams { target: 20, max: 30, update_fraction: 16_692_387 },
                    max_key: None,
                },
            };
        }
    };
}
pub(crate) use fork_table;
