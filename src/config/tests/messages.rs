//! Pairs of a mistake in one place and the exact message about it.

use crate::config::tests::check;

#[test]
fn types_and_ranges_of_counts() {
    check(&[
        (
            "training.epochs=ten",
            &[r#"@training.epochs: "ten" is a string; it must be an integer, from 1 to 1000000000"#],
        ),
        (
            r#"training.epochs="ten""#,
            &[r#"@training.epochs: "ten" is a string; it must be an integer, from 1 to 1000000000"#],
        ),
        ("training.epochs=0", &["@training.epochs: 0 is not allowed; it must be from 1 to 1000000000"]),
        ("training.epochs=-3", &["@training.epochs: -3 is not allowed; it must be from 1 to 1000000000"]),
        (
            "training.epochs=2.5",
            &["@training.epochs: 2.5 is a float; it must be an integer, from 1 to 1000000000"],
        ),
        (
            "training.epochs=9223372036854775808",
            &["@training.epochs: 9223372036854775808 is not allowed; it must be from 1 to 1000000000"],
        ),
        (
            "training.epochs=1_000_000_001",
            &["@training.epochs: 1_000_000_001 is not allowed; it must be from 1 to 1000000000"],
        ),
        (
            "training.epochs=true",
            &["@training.epochs: true is a boolean; it must be an integer, from 1 to 1000000000"],
        ),
        (
            "training.epochs=[1]",
            &["@training.epochs: it is a list; it must be an integer, from 1 to 1000000000"],
        ),
        (
            "training.epochs={ a = 1 }",
            &["@training.epochs: it is a table; it must be an integer, from 1 to 1000000000"],
        ),
        (
            "training.epochs=2024-01-01",
            &["@training.epochs: 2024-01-01 is a date or time; it must be an integer, from 1 to 1000000000"],
        ),
        (
            "training.batch_size=0",
            &["@training.batch_size: 0 is not allowed; it must be from 1 to 1000000000"],
        ),
        ("training.seed=-1", &["@training.seed: -1 is not allowed; it must be from 0 to 2^63 - 1"]),
        (
            "training.seed=9223372036854775808",
            &["@training.seed: 9223372036854775808 is not allowed; it must be from 0 to 2^63 - 1"],
        ),
        (
            "training.early_stopping.patience=0",
            &[
                "@training.early_stopping.patience: 0 is not allowed; it must be from 1 to 1000000000",
                "training.early_stopping.metric (@training.early_stopping.patience): it is measured on validation rows; set data.valid or data.valid_path",
            ],
        ),
    ]);
}

#[test]
fn ranges_of_numbers() {
    check(&[
        (
            "optimizer.learning_rate=nan",
            &["@optimizer.learning_rate: nan is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=-nan",
            &["@optimizer.learning_rate: -nan is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=inf",
            &["@optimizer.learning_rate: inf is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=-inf",
            &["@optimizer.learning_rate: -inf is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=-1",
            &["@optimizer.learning_rate: -1 is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=0",
            &["@optimizer.learning_rate: 0 is not allowed; it must be finite and greater than 0"],
        ),
        (
            "optimizer.learning_rate=1e400",
            &["@optimizer.learning_rate: 1e400 is not allowed; it must be finite and greater than 0"],
        ),
        (
            r#"optimizer.learning_rate="0.1""#,
            &[
                r#"@optimizer.learning_rate: "0.1" is a string; it must be a number, finite and greater than 0"#,
            ],
        ),
        (
            "optimizer.momentum=1.5",
            &["@optimizer.momentum: 1.5 is not allowed; it must be at least 0 and less than 1"],
        ),
        (
            "optimizer.momentum=-0.1",
            &["@optimizer.momentum: -0.1 is not allowed; it must be at least 0 and less than 1"],
        ),
        (
            "optimizer.momentum=1",
            &["@optimizer.momentum: 1 is not allowed; it must be at least 0 and less than 1"],
        ),
        (
            "optimizer.momentum=nan",
            &["@optimizer.momentum: nan is not allowed; it must be at least 0 and less than 1"],
        ),
        ("optimizer.l2=-1e-9", &["@optimizer.l2: -1e-9 is not allowed; it must be finite and at least 0"]),
        (
            "training.clip_norm=0",
            &["@training.clip_norm: 0 is not allowed; it must be finite and greater than 0"],
        ),
        (
            "training.schedule.type=step && training.schedule.factor=0",
            &["@training.schedule.factor: 0 is not allowed; it must be greater than 0 and at most 1"],
        ),
        ("data.valid=1", &["@data.valid: 1 is not allowed; it must be at least 0 and less than 1"]),
        ("model.dropout=1", &["@model.dropout: 1 is not allowed; it must be at least 0 and less than 1"]),
    ]);
}

#[test]
fn choices_and_other_kinds() {
    check(&[
        ("optimizer.nesterov=1", &["@optimizer.nesterov: 1 is an integer; it must be true or false"]),
        (
            "optimizer.type=adm",
            &[
                r#"@optimizer.type: "adm" is not allowed; it must be "sgd", "rmsprop", "adam" or "adamw"; did you mean "adam"?"#,
            ],
        ),
        (
            "optimizer.type=3",
            &[r#"@optimizer.type: 3 is an integer; it must be "sgd", "rmsprop", "adam" or "adamw""#],
        ),
        ("optimizer=adam", &[r#"@optimizer: "adam" is a string; it must be a table: [optimizer]"#]),
        (
            "training.schedule=cosine",
            &[r#"@training.schedule: "cosine" is a string; it must be a table: [training.schedule]"#],
        ),
        (
            "training.schedule.type=cosin",
            &[
                r#"@training.schedule.type: "cosin" is not allowed; it must be "constant", "step", "exponential" or "cosine"; did you mean "cosine"?"#,
            ],
        ),
        ("training.dtype=f16", &[r#"@training.dtype: "f16" is not allowed; it must be "f32" or "f64""#]),
        (
            "training.last_batch=skip",
            &[r#"@training.last_batch: "skip" is not allowed; it must be "merge", "keep" or "drop""#],
        ),
        (
            "data.scale=standard",
            &[
                r#"@data.scale: "standard" is not allowed; it must be "standardize", "center", "min_max" or "none"; did you mean "standardize"?"#,
            ],
        ),
        (
            "data.label=-2",
            &[
                "@data.label: -2 is not allowed; it must be a column name, or an index from 0 (-1 is the last)",
            ],
        ),
        (
            "data.label=1.5",
            &["@data.label: 1.5 is a float; it must be a column name, or an index from 0 (-1 is the last)"],
        ),
        (
            "data.ignore=a",
            &[
                r#"@data.ignore: "a" is a string; it must be a list, each a column name, or an index from 0 (-1 is the last)"#,
            ],
        ),
        (
            "data.delimiter=;;",
            &[
                r#"@data.delimiter: ";;" is not allowed; it must be one ASCII character other than letters, digits, + - . # ' " and line ends"#,
            ],
        ),
        (
            "data.delimiter=a",
            &[
                r#"@data.delimiter: "a" is not allowed; it must be one ASCII character other than letters, digits, + - . # ' " and line ends"#,
            ],
        ),
        (
            r#"data.delimiter="\n""#,
            &[
                r#"@data.delimiter: "\n" is not allowed; it must be one ASCII character other than letters, digits, + - . # ' " and line ends"#,
            ],
        ),
        (
            "data.quote=q",
            &[
                r#"@data.quote: "q" is not allowed; it must be one ASCII punctuation character other than + - . or "" for none"#,
            ],
        ),
        (
            "data.comment=//",
            &[
                r#"@data.comment: "//" is not allowed; it must be one ASCII punctuation character other than + - . or "" for none"#,
            ],
        ),
        (
            r#"data.column_names=["x", 1]"#,
            &["data.column_names[1] (@data.column_names): 1 is an integer; it must be a name"],
        ),
        (
            "data.memory=4",
            &[
                r#"@data.memory: 4 is an integer; it must be a whole number and its unit, such as "4 GiB" or "200 MB""#,
            ],
        ),
        (
            r#"data.memory="lots""#,
            &[
                r#"@data.memory: "lots" is not allowed; it must be a whole number and its unit, such as "4 GiB" or "200 MB""#,
            ],
        ),
        ("data.path=3", &["@data.path: 3 is an integer; it must be a path"]),
        (
            "model.hidden=4",
            &["@model.hidden: 4 is an integer; it must be a list, each an integer, from 1 to 2^63 - 1"],
        ),
        (
            "model.hidden=[4, 0, -1]",
            &[
                "model.hidden[1] (@model.hidden): 0 is not allowed; it must be from 1 to 2^63 - 1",
                "model.hidden[2] (@model.hidden): -1 is not allowed; it must be from 1 to 2^63 - 1",
            ],
        ),
        (
            "model.hidden=[4, 2.0]",
            &["model.hidden[1] (@model.hidden): 2.0 is a float; it must be an integer, from 1 to 2^63 - 1"],
        ),
        (
            "model.norm=batchnorm",
            &[
                r#"@model.norm: "batchnorm" is not allowed; it must be "batch_norm", "mean_only" or "none"; did you mean "batch_norm"?"#,
            ],
        ),
        (
            "model.activation=gelu",
            &[
                r#"@model.activation: "gelu" is not allowed; it must be "relu", "sigmoid", "tanh" or "leaky_relu"; did you mean "relu"?"#,
            ],
        ),
        (
            "model.init=he",
            &[
                r#"@model.init: "he" is not allowed; it must be "he_normal", "xavier" or { normal = deviation }"#,
            ],
        ),
        (
            "model.init=0.1",
            &[r#"@model.init: 0.1 is a float; it must be "he_normal", "xavier" or { normal = deviation }"#],
        ),
        (
            "model.init={ normal = -1 }",
            &["model.init.normal (@model.init): -1 is not allowed; it must be finite and at least 0"],
        ),
        (
            "model.init={ normal = nan }",
            &["model.init.normal (@model.init): nan is not allowed; it must be finite and at least 0"],
        ),
        ("compare=true", &["@compare: true is a boolean; it must be a table: [compare]"]),
        (
            "compare.norms=none",
            &[
                r#"@compare.norms: "none" is a string; it must be a list of at least one, each "batch_norm", "mean_only" or "none""#,
            ],
        ),
        (
            r#"compare.norms=["layer_norm"]"#,
            &[
                r#"compare.norms[0] (@compare.norms): "layer_norm" is not allowed; it must be "batch_norm", "mean_only" or "none""#,
            ],
        ),
        ("compare.norms=[]", &["@compare.norms: 0 entries are not allowed; there must be from 1 to 3"]),
        ("compare.seeds=0", &["@compare.seeds: 0 is not allowed; it must be from 1 to 10000"]),
        ("compare.seeds=[]", &["@compare.seeds: 0 entries are not allowed; there must be from 1 to 10000"]),
        ("compare.seeds=10001", &["@compare.seeds: 10001 is not allowed; it must be from 1 to 10000"]),
        (
            "compare.seeds=many",
            &[
                r#"@compare.seeds: "many" is a string; it must be an integer, from 1 to 10000 or a list of at least one, each an integer, from 0 to 2^63 - 1"#,
            ],
        ),
    ]);
}

#[test]
fn unknown_keys_come_with_a_hint() {
    check(&[
        ("training.epohcs=3", &["@training.epohcs: unknown key `epohcs`; did you mean `epochs`?"]),
        ("optimizer.lr=0.1", &["@optimizer.lr: unknown key `lr`; did you mean `learning_rate`?"]),
        (
            "trainning.epochs=3",
            &["top level (@trainning.epochs): unknown key `trainning`; did you mean `training`?"],
        ),
        ("compare.sedes=2", &["@compare.sedes: unknown key `sedes`; did you mean `seeds`?"]),
        ("model.layers=[4]", &["@model.layers: unknown key `layers`; did you mean `hidden`?"]),
        ("epochs=3", &["@epochs: unknown key `epochs`; it belongs to [training]"]),
        ("momentum=0.1", &["@momentum: unknown key `momentum`; it belongs to [optimizer]"]),
        (
            "training.learning_rate=3",
            &["@training.learning_rate: unknown key `learning_rate`; it belongs to [optimizer]"],
        ),
        (
            "training.patience=3",
            &["@training.patience: unknown key `patience`; it belongs to [training.early_stopping]"],
        ),
        (
            "optimizer.nonsense=3",
            &[
                "@optimizer.nonsense: unknown key `nonsense`; known keys: learning_rate, momentum, nesterov, l2",
            ],
        ),
        (
            r#"optimizer={ type = "adam", momentum = 0.9 }"#,
            &["optimizer (@optimizer): `momentum` belongs to type `sgd`, not to `adam`"],
        ),
        (
            r#"optimizer={ type = "adam", weight_decay = 0.1 }"#,
            &[
                "optimizer (@optimizer): unknown key `weight_decay`; weight_decay (decoupled) belongs to adamw; for adam use l2",
            ],
        ),
        (
            r#"optimizer={ type = "adamw", l2 = 0.1 }"#,
            &[
                "optimizer (@optimizer): unknown key `l2`; l2 (coupled) belongs to sgd, rmsprop and adam; for adamw use weight_decay (decoupled)",
            ],
        ),
        (
            "training.schedule.factor=0.5",
            &[
                "@training.schedule.factor: `factor` belongs to type `step` or `exponential`, not to `constant`",
            ],
        ),
        (
            "training.schedule.type=cosine && training.schedule.every_epochs=3",
            &["@training.schedule.every_epochs: `every_epochs` belongs to type `step`, not to `cosine`"],
        ),
        ("model.init={ std = 1 }", &["model.init (@model.init): unknown key `std`; did you mean `normal`?"]),
    ]);
}

#[test]
fn missing_keys() {
    check(&[
        (
            "optimizer={ learning_rate = 0.1 }",
            &[r#"optimizer (@optimizer): missing key `type`: "sgd", "rmsprop", "adam" or "adamw""#],
        ),
        (
            r#"data={ path = "x" }"#,
            &[
                "data (@data): missing key `label`, a column name, or an index from 0 (-1 is the last): the column with the class (or `target`, for values)",
            ],
        ),
        (
            "model.init={ }",
            &[
                "model.init (@model.init): missing key `normal`, a number, finite and at least 0: standard deviation of the weights",
            ],
        ),
    ]);
}
