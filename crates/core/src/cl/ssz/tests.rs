use super::*;

#[test]
fn uniform_vectors_equal_general_ones() {
    for count in [1, 2, 3, 5, 8, 13, 64, 100] {
        for element in
            [bytes([7; 32]), container([("a", uint64(1)), ("b", uint64(2)), ("c", bytes([3; 48]))])]
        {
            let general = vector((0..count).map(|_| element.clone()));
            let uniform = vector_of(element, count);
            assert_eq!(uniform.root(), general.root(), "{count}");
            assert_eq!(uniform.to_bytes(), general.to_bytes());
            assert_eq!(uniform.len(), general.len());
        }
    }
    for count in [1, 4, 8, 64] {
        let general = vector_uint64(&vec![0; count]);
        assert_eq!(zeros_uint64(count).root(), general.root());
        assert_eq!(zeros_uint64(count).to_bytes(), general.to_bytes());
    }
}

#[test]
fn variable_fields_follow_the_fixed_ones() {
    let value = container([
        ("a", list_uint8(vec![1, 2], 8)),
        ("b", uint64(9)),
        ("c", list_uint64(&[5], 4)),
    ]);
    let expected = "10000000 0900000000000000 12000000 0102 0500000000000000".replace(' ', "");
    assert_eq!(hex::encode(value.to_bytes()), expected);
    assert_eq!(value.len(), value.to_bytes().len());
}

#[test]
fn known_roots() {
    let root = |value: Value| hex::encode(value.root());
    // Roots of the empty lists in every genesis.
    assert_eq!(
        root(empty_list(1 << 20)),
        "7ffe241ea60187fdb0187bfa22de35d1f9bed7ab061d9401fd47e34a54fbede1"
    );
    assert_eq!(
        root(empty_list(1 << 32)),
        "d70a234731285c6804c2a4f56711ddb8c82c99740f207854891028af34e27e5e"
    );
    assert_eq!(
        root(empty_list(16)),
        "792930bbd5baac43bcc798ee49aa8185ef76bb3b44ba62b91d86ae569e4bb535"
    );
    assert_eq!(empty_list(9).root(), empty_list(16).root());
    // A tree of 2^64 chunks has 64 levels above its leaves.
    let full = (0..64).fold(B256::ZERO, |node, _| hash(&node, &node));
    assert_eq!(empty_list(u64::MAX).root(), hash(&full, &B256::ZERO));
}
