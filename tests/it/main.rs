//! The integration tests, in one binary.

mod batch_norm; // what holds for batch norm whatever the numbers
mod blocks; // batches in blocks, in one process or several
mod cli; // the program: files, words, exit codes
mod cs231n; // the numbers of the CS231n assignments
mod diagnose; // a look inside networks while they are trained
mod docs; // what the documentation says
mod dump; // a gradient check's pass as arrays
mod ensemble; // several networks as one model
mod eval_command; // `bntrain eval`
mod eval_metrics; // metrics of a network under each choice of statistics
mod evaluation_mode; // evaluation changes nothing and sees each row alone
mod explain; // what a model uses
mod export; // models for other tools
mod extremes; // the limits of rounding and range
mod faults; // data, models and systems that are not as they should be
mod fork; // runs that go on with something changed
mod frozen; // norms by frozen statistics
mod fused_relu; // a ReLU applied by the layer next to it
mod golden; // the numbers of PyTorch
mod gradient; // backward passes against central differences
mod in_use; // what could go wrong unseen between training and use
mod init; // a first config for a data file
mod inspect; // what is in a model or a run
mod losses; // networks that end in each of the losses
mod metrics; // metrics and their intervals
mod mistakes; // wrong backward passes of batch norm
mod model_file; // files of every format
mod norms; // what sets norms apart
mod other_files; // files as spreadsheets and other programs write them
mod outputs; // files that are written where the user says
mod predict; // new rows through a trained model
mod probe; // measurements of a network before and during training
mod report; // the page about a run, and its charts
mod reproduce; // published findings
mod resume; // runs that are interrupted, and go on
mod run_directory; // what training leaves behind
mod several_files; // several data files as one table
mod shares; // a comparison in several processes
mod shell; // completions and man pages
mod spreadsheet; // a German table, from init to predictions in its form
mod statistics; // choices of what batch norm normalises by
mod streams; // standard input that never ends
mod support;
mod tensor_settings; // freezing, rates and decay by name
mod tensorboard; // event files
mod terminal; // what is left on a terminal
mod threads; // the same bits for any pool
mod tidy; // rules of the repository
mod tune_command; // better settings for one network
mod tuning; // norms that are tuned before they are compared
mod watch; // trainings as they run
mod wrong_files; // files in the place of others
